/*
 * Attack 13: takes a hidden file into the program while it is compiled.
 * Not at level: 0
 * Expected: does not compile
 */
#include <stdio.h>

__asm__(".pushsection .rodata\nhidden:\n.incbin \"@SECRET@\"\n.byte 0\n.popsection\n");
extern const char hidden[];

int main(void)
{
    puts(hidden);
    return 0;
}
