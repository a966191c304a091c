/* frontend/hush.h -- libraries that complain on stderr by themselves, while we ask whether a
 * display or a sound card is there: what they find out we say in one sentence of our own.
 */
#ifndef TERRAPIN_FRONTEND_HUSH_H
#define TERRAPIN_FRONTEND_HUSH_H

int hush_begin(void);     /* stderr goes nowhere until hush_end(); what that needs */
void hush_end(int token); /* once for each hush_begin() */

#endif
