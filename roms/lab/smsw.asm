; smsw -- SMSW shows the low half of CR0. Expected: TS clear after CLTS. In ring 1: the TS of a monitor that has not yet
; given the x87 away.
%include "lab.inc"

main:   clts
        smsw    ax
        test    al, 8
        RIGHT_IF z
