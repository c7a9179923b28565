/*
 * No attack: the program that gets all points.
 */
#include <stdio.h>

int main(int argc, char **argv)
{
    long long sum = 0;
    long long number = 0;
    FILE *in = fopen(argc > 1 ? argv[1] : "input.txt", "r");
    FILE *out = fopen("answer.txt", "w");
    if (!in || !out) {
        return 1;
    }
    while (fscanf(in, "%lld", &number) == 1) {
        sum += number;
    }
    fprintf(out, "%lld\n", sum);
    return fclose(out) == 0 && fclose(in) == 0 ? 0 : 1;
}
