/*
 * Attack 13, the other way: lets the compiler show a hidden file in its error message.
 * Not at level: 0
 * Expected: does not compile
 */
#include "@SECRET@"

int main(void)
{
    return 0;
}
