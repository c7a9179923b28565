# The binary `weir`, and Apache's names for its commands as links beside it.
list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/runtime/cli/main.c)
set_property(TARGET weir_cli PROPERTY SOURCES ${sources})
add_executable(weir ${PROJECT_SOURCE_DIR}/runtime/cli/main.c)
target_link_libraries(weir PRIVATE weir_cli)
file(STRINGS ${PROJECT_SOURCE_DIR}/runtime/cli/commands.c command_rows REGEX "^ *{ \"")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/runtime/cli/commands.c)
foreach(row IN LISTS command_rows)
    if(row MATCHES "\"(kafka-[a-z-]+\\.sh)\"")
        add_custom_command(TARGET weir POST_BUILD
            COMMAND ${CMAKE_COMMAND} -E create_symlink weir ${CMAKE_BINARY_DIR}/bin/${CMAKE_MATCH_1})
    endif()
endforeach()
