; verw -- VERW asks whether a segment may be written. Expected: not by RPL 1, for its DPL is 0 (ZF = 0). In ring 1 the DPL
; is 1.
%include "lab.inc"

main:   mov     ax, DATA | 1
        verw    ax
        RIGHT_IF nz
