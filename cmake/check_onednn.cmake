# Configures SOURCE with made-up oneDNN packages, below BUILD: which are taken, which refused how.
set(root "${BUILD}/check_onednn")
file(REMOVE_RECURSE "${root}")

# configure(VERSION RUNTIME EXPECTED): EXPECTED is a part of the output, or "" for success.
function(configure version runtime expected)
  set(package "${root}/${version}-${runtime}")
  file(WRITE "${package}/dnnl-config.cmake"
    "set(DNNL_CPU_RUNTIME ${runtime})\nadd_library(DNNL::dnnl INTERFACE IMPORTED)\n")
  file(WRITE "${package}/dnnl-config-version.cmake"
    "set(PACKAGE_VERSION ${version})\nset(PACKAGE_VERSION_COMPATIBLE TRUE)\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -S "${SOURCE}" -B "${package}/build" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-Ddnnl_DIR=${package}" -DRELATUM_TESTS=OFF
    -DRELATUM_CHARTS=OFF
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  if(expected STREQUAL "" AND NOT status EQUAL 0)
    message(FATAL_ERROR "oneDNN ${version} for ${runtime} was not taken:\n${output}")
  elseif(NOT expected STREQUAL "" AND (status EQUAL 0 OR NOT output MATCHES "${expected}"))
    message(FATAL_ERROR "expected '${expected}' of oneDNN ${version} for ${runtime}:\n${output}")
  endif()
endfunction()

configure(3.6.0 OMP "")
configure(4.0.0 OMP "oneDNN 3, but [^ ]+ is oneDNN 4.0.0: name another")
configure(2.5.0 OMP "from 2.6 on.+ is oneDNN 2.5.0: name another")
configure(3.6.0 TBB "OpenMP's threads, but [^ ]+ was built for TBB: name another")
file(REMOVE_RECURSE "${root}")
