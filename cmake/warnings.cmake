# One INTERFACE target carries every flag; a module opts in by linking to it.
add_library(weir_flags INTERFACE)
target_compile_features(weir_flags INTERFACE c_std_17)
target_compile_definitions(weir_flags INTERFACE _GNU_SOURCE)
target_compile_options(weir_flags INTERFACE
    -Wall -Wextra -Wpedantic
    -Wshadow -Wvla -Wundef -Wwrite-strings -Wpointer-arith -Wcast-qual -Wcast-align
    -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wformat=2 -Wconversion -Wno-sign-conversion -Wdouble-promotion
    -Wimplicit-fallthrough
    -Werror=implicit-function-declaration -Werror=incompatible-pointer-types
    -fno-common -fvisibility=hidden
    $<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init>
    $<$<C_COMPILER_ID:Clang>:-Wno-gnu-auto-type -Wcomma -Wunreachable-code>
    $<$<BOOL:${WEIR_WERROR}>:-Werror>)
if(WEIR_SANITIZE)
    set(san -fsanitize=${WEIR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g)
    target_compile_options(weir_flags INTERFACE ${san})
    target_link_options(weir_flags INTERFACE ${san})
else()
    target_compile_definitions(weir_flags INTERFACE $<$<CONFIG:RelWithDebInfo>:_FORTIFY_SOURCE=2>)
endif()
