; tortoise_para -- Tortoise, ported to the hypercalls of -vmm para: what is between %ifdef PARA and %endif in tortoise.asm.
%define PARA
%include "tortoise.asm"
