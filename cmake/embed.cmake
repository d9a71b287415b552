# Embeds files in the library, so that a program has them without installing any.
#
# relatum_embed(NAMESPACE relatum::page HEADER page/assets.h OUT source
#               FILES page_style=page/assets/page.css ...)
# defines each name of HEADER as a function that returns the file's bytes as std::string_view. Files
# are named from the current folder; one of no name (name=) is empty.
set(RELATUM_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/write_embedded.cmake")
function(relatum_embed)
  cmake_parse_arguments(E "" "NAMESPACE;HEADER;OUT" "FILES" ${ARGN})
  set(assets "")
  set(needed "")
  foreach(asset IN LISTS E_FILES)
    string(REGEX MATCH "^([^=]+)=(.*)$" matched "${asset}")
    set(name "${CMAKE_MATCH_1}")
    set(file "${CMAKE_MATCH_2}")
    if(NOT file STREQUAL "")
      cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
      list(APPEND needed "${file}")
    endif()
    list(APPEND assets "${name}=${file}")
  endforeach()
  list(JOIN assets "|" assets)
  string(MAKE_C_IDENTIFIER "${E_HEADER}" stem)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${stem}.cc")
  add_custom_command(OUTPUT "${source}"
    COMMAND ${CMAKE_COMMAND} "-DOUTPUT=${source}" "-DHEADER=${E_HEADER}"
            "-DNAMESPACE=${E_NAMESPACE}" "-DASSETS=${assets}" -P "${RELATUM_EMBED_SCRIPT}"
    DEPENDS ${needed} "${RELATUM_EMBED_SCRIPT}" VERBATIM)
  set(${E_OUT} "${source}" PARENT_SCOPE)
endfunction()
