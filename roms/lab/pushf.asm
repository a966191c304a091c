; pushf -- PUSHF shows IF. Expected: clear after CLI. In ring 1: the real flag, which is always set.
%include "lab.inc"

main:   cli
        pushfd
        pop     eax
        test    eax, 200h
        RIGHT_IF z
