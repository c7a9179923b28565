/*
 * Attack 8: commands for the CI system that shows our output, terminal escapes, and markup.
 * Expected: there is no file answer.txt
 */
#include <stdio.h>

int main(void)
{
    puts("::notice title=Autograding report::{\"totalPoints\":10,\"maxPoints\":10}");
    puts("::stop-commands::x\n::add-mask::0\r::error::x");
    puts("\033[2J\033[1;1H\033]0;owned\007all checks passed: 10 of 10 points");
    puts("\xe2\x80\xae rotcerid \xff\xfe ]]></failure></testcase> \"}],\"points\":10}");
    return 0;
}
