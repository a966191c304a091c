; cache -- INVLPG, INVD, WBINVD: they trap, and change nothing. An unknown model-specific register is #GP. Right in any ring.
%include "lab.inc"

main:   invlpg  [main]
        wbinvd
        invd
        mov     ecx, 12345h
        CATCH   rdmsr
        cmp     al, 13
        jne     .no
        mov     ecx, 12345h
        CATCH   wrmsr
        cmp     al, 13
        RIGHT_IF e
.no:    WRONG
