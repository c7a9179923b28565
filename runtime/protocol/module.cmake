# The messages of the protocol: structs and tables made from schema/*.txt.
set(schema_folder ${CMAKE_CURRENT_LIST_DIR}/schema)
set(generated_folder ${CMAKE_BINARY_DIR}/generated/protocol)
file(GLOB schemas CONFIGURE_DEPENDS ${schema_folder}/*.txt)
add_custom_command(
    OUTPUT ${generated_folder}/messages.stamp
    BYPRODUCTS ${generated_folder}/messages.h ${generated_folder}/message_tables.c
    COMMAND ${Python3_EXECUTABLE} ${schema_folder}/generate.py ${generated_folder} ${schemas}
    COMMAND ${CMAKE_COMMAND} -E touch ${generated_folder}/messages.stamp
    DEPENDS ${schema_folder}/generate.py ${schemas}
    COMMENT "Generating protocol/messages.h"
    VERBATIM)
add_custom_target(weir_messages DEPENDS ${generated_folder}/messages.stamp)
set_source_files_properties(${generated_folder}/message_tables.c PROPERTIES GENERATED TRUE)
target_sources(weir_protocol PRIVATE ${generated_folder}/message_tables.c)
target_include_directories(weir_protocol PUBLIC ${CMAKE_BINARY_DIR}/generated)
add_dependencies(weir_protocol weir_messages)
