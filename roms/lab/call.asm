; call -- Far CALL leaves CS on the stack. Expected: with RPL 0. In ring 1: with RPL 1.
%include "lab.inc"

main:   call    CODE:.here
.here:  cmp     word [esp + 4], CODE
        RIGHT_IF e
