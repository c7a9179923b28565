# Two INTERFACE targets carry every flag; whoever is built links to one of them.
#   weir_flags         everything of ours, with the sanitizers of the preset
#   weir_flags_plain   what runs beside student code, under its limits: no sanitizer could live there
add_library(weir_flags_plain INTERFACE)
target_compile_features(weir_flags_plain INTERFACE c_std_17)
target_compile_definitions(weir_flags_plain INTERFACE _GNU_SOURCE)
target_compile_options(weir_flags_plain INTERFACE
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
add_library(weir_flags INTERFACE)
target_link_libraries(weir_flags INTERFACE weir_flags_plain)
if(WEIR_SANITIZE)
    set(san -fsanitize=${WEIR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g)
    target_compile_options(weir_flags INTERFACE ${san})
    target_link_options(weir_flags INTERFACE ${san})
    target_compile_definitions(weir_flags INTERFACE WEIR_SANITIZED) # a sanitizer maps terabytes: no limit of address space
else()
    target_compile_definitions(weir_flags_plain INTERFACE $<$<CONFIG:RelWithDebInfo>:_FORTIFY_SOURCE=2>)
endif()
