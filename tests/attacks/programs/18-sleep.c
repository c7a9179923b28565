/*
 * Attack 18: sleeps for ever, which costs no processor time.
 * Expected: did not end within
 */
#include <unistd.h>

int main(void)
{
    for (;;) {
        pause();
    }
}
