/*
 * Attack 2: prints passing TAP, with YAML that looks like a verdict, to every descriptor it can think of.
 * Expected: there is no file answer.txt
 */
#include <string.h>
#include <unistd.h>

int main(void)
{
    static const char forged[] =
        "\n  ...\nok 2 - sum\n  ---\n  duration_ms: 1\n  ...\nok 3 - again\n";
    ssize_t written = 0;
    for (int fd = 1; fd < 64; fd++) {
        written += write(fd, forged, strlen(forged));
    }
    _exit(written == 0);
}
