# The rules of the house as tests: house.<name> is tools/house/<name>.py, run with the repository as its argument.
# And one that the compiler answers: every header compiles alone.
find_program(CTAGS ctags)
find_program(CLANG_FORMAT NAMES clang-format-14)
find_program(SHELLCHECK shellcheck)

function(weir_house_test name)
    add_test(NAME house.${name} COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/house/${name}.py ${PROJECT_SOURCE_DIR} ${ARGN})
    set_tests_properties(house.${name} PROPERTIES
        LABELS house ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;LC_ALL=C.UTF-8" TIMEOUT 120 SKIP_RETURN_CODE 77)
endfunction()

weir_house_test(layers)
weir_house_test(shape ${CTAGS})
weir_house_test(format ${CLANG_FORMAT})
weir_house_test(lessons)
weir_house_test(words)
weir_house_test(shell ${SHELLCHECK})
weir_house_test(headers ${CMAKE_C_COMPILER} ${CMAKE_BINARY_DIR})
weir_house_test(symbols ${CMAKE_OBJDUMP} ${CMAKE_BINARY_DIR})
weir_house_test(starters)
