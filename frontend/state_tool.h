/* frontend/state_tool.h -- terrapin state info|check|diff|picture: looks into save states. */
#ifndef TERRAPIN_FRONTEND_STATE_TOOL_H
#define TERRAPIN_FRONTEND_STATE_TOOL_H

/* The words behind "state". The exit code: 0; 1 for trouble, which has been told, and where two
 * states differ. */
int state_tool(int argc, char *const *argv);

/* frontend/state_diff.c: what two files differ in, on stdout. 0: in nothing, 1: in something,
 * -1: trouble, told. */
int state_diff_files(const char *a, const char *b);

#endif
