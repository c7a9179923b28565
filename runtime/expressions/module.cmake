# The parser of Spark SQL's expressions: made from its grammar and its tokens.
find_program(BISON_PROGRAM bison REQUIRED)
find_program(FLEX_PROGRAM flex REQUIRED)
set(generated_folder ${CMAKE_BINARY_DIR}/generated/expressions)
file(MAKE_DIRECTORY ${generated_folder})
add_custom_command(
    OUTPUT ${generated_folder}/sql_grammar.c ${generated_folder}/sql_grammar.h
    COMMAND ${BISON_PROGRAM} --no-lines -Wno-counterexamples -o ${generated_folder}/sql_grammar.c
            --header=${generated_folder}/sql_grammar.h ${CMAKE_CURRENT_LIST_DIR}/sql_grammar.y
    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/sql_grammar.y
    COMMENT "Generating the grammar of expressions"
    VERBATIM)
add_custom_command(
    OUTPUT ${generated_folder}/sql_lexer.c ${generated_folder}/sql_lexer.h
    COMMAND ${FLEX_PROGRAM} --noline --header-file=${generated_folder}/sql_lexer.h -o ${generated_folder}/sql_lexer.c ${CMAKE_CURRENT_LIST_DIR}/sql_lexer.l
    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/sql_lexer.l ${generated_folder}/sql_grammar.h
    COMMENT "Generating the lexer of expressions"
    VERBATIM)
target_sources(weir_expressions PRIVATE ${generated_folder}/sql_grammar.c ${generated_folder}/sql_lexer.c)
target_include_directories(weir_expressions PRIVATE ${generated_folder})
set_source_files_properties(${generated_folder}/sql_grammar.c ${generated_folder}/sql_lexer.c PROPERTIES
    COMPILE_OPTIONS "-Wno-sign-conversion;-Wno-conversion;-Wno-missing-prototypes;-Wno-unused-function;-Wno-unused-but-set-variable;-Wno-sign-compare;-Wno-null-dereference;-Wno-shadow;-Wno-redundant-decls;-Wno-unreachable-code;-Wno-switch-default;-Wno-switch-enum;-Wno-cast-qual;-Wno-unused-macros;-Wno-strict-prototypes")
