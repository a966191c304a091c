; differ -- the rounds of random without a clock, each of which says what came of it: to be the same under any monitor.
%define DIFFER
%include "random.asm"
