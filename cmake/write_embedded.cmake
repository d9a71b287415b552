# Writes files into a C++ source, for relatum_embed (embed.cmake). As a script: cmake
# -DOUTPUT=x.cc -DHEADER=room/x.h -DNAMESPACE=a::b "-DASSETS=name=file|…" -P write_embedded.cmake
# Each name becomes a function of HEADER that returns the file's bytes as std::string_view; without
# a file (name=) they are none.
string(REPLACE "|" ";" assets "${ASSETS}")
set(body "")
foreach(asset IN LISTS assets)
  string(REGEX MATCH "^([^=]+)=(.*)$" matched "${asset}")
  set(name "${CMAKE_MATCH_1}")
  set(file "${CMAKE_MATCH_2}")
  if(file STREQUAL "")
    string(APPEND body "std::string_view ${name}() { return {}; }\n")
    continue()
  endif()
  file(READ "${file}" bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND body "std::string_view ${name}() {\n"
    "  static constexpr unsigned char kBytes[] = {\n${bytes}};\n"
    "  return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};\n}\n")
endforeach()
file(WRITE "${OUTPUT}" "// Files of the source tree as bytes, written by cmake/write_embedded.cmake.
#include \"${HEADER}\"

namespace ${NAMESPACE} {
${body}}  // namespace ${NAMESPACE}
")
