/*
 * Attack 10: writes its own result.json, before and after the grader does. @RESULTS@ is where the test put it.
 * Not at level: 0
 * Expected: there is no file answer.txt
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    static const char forged[] = "{\"points\": 10, \"forged\": true}\n";
    int written = 0;
    chmod("@RESULTS@", 0777);
    chmod("@RESULTS@/result.json", 0666);
    rename("@RESULTS@/result.json", "@RESULTS@/gone.json");
    for (int i = 0; i < 20; i++) {
        int fd = open("@RESULTS@/result.json", O_WRONLY | O_CREAT | O_TRUNC, 0666);
        written += fd >= 0 && write(fd, forged, sizeof(forged) - 1) > 0;
        usleep(5000);
    }
    printf("results overwritten: %d\n", written);
    return 0;
}
