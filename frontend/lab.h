/* frontend/lab.h -- `terrapin lab`: a guest under a virtual machine monitor, and the report. */
#ifndef TERRAPIN_FRONTEND_LAB_H
#define TERRAPIN_FRONTEND_LAB_H

/* argv[1] is "lab". Returns the exit code: 0 the guest ended well, (v << 1) | 1 it wrote v, 1
 * bad usage, host trouble, or what the monitor lacks, 2 triple fault, 8 -until. */
int lab_main(int argc, char **argv);

#endif
