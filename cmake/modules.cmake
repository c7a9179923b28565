# The modules of runtime/, linked as runtime/LAYERS says: one static library a module, its name weir_<module>.
# A module is whatever *.c its folder holds, so a new file needs no line here.
# Libraries from outside are named in cmake/deps.cmake as WEIR_LIBS_<module>.

file(STRINGS ${PROJECT_SOURCE_DIR}/runtime/LAYERS layer_lines REGEX "^[a-z]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/runtime/LAYERS)

set(WEIR_MODULES)
foreach(line IN LISTS layer_lines)
    string(REGEX REPLACE "#.*" "" line "${line}")
    string(REGEX REPLACE "[|].*" "" line "${line}")
    string(REGEX MATCH "^([a-z]+):(.*)$" _ "${line}")
    set(module ${CMAKE_MATCH_1})
    separate_arguments(uses UNIX_COMMAND "${CMAKE_MATCH_2}")
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/runtime/${module}/*.c)
    if(NOT sources)
        continue()
    endif()
    add_library(weir_${module} STATIC ${sources})
    target_include_directories(weir_${module} PUBLIC ${PROJECT_SOURCE_DIR}/runtime ${PROJECT_SOURCE_DIR}/runtime/include)
    target_link_libraries(weir_${module} PUBLIC weir_flags ${WEIR_LIBS_${module}})
    foreach(used IN LISTS uses)
        if(TARGET weir_${used})
            target_link_libraries(weir_${module} PUBLIC weir_${used})
        endif()
    endforeach()
    list(APPEND WEIR_MODULES ${module})
    if(EXISTS ${PROJECT_SOURCE_DIR}/runtime/${module}/module.cmake)
        include(${PROJECT_SOURCE_DIR}/runtime/${module}/module.cmake) # what only this module needs: generated code, say
    endif()
endforeach()
