# Installs BUILD into a folder of its own, builds EXAMPLE against it with COMPILER and
# the oneDNN in ONEDNN, and runs it on MODEL.
set(prefix "${BUILD}/check_install/prefix")
set(example_build "${BUILD}/check_install/build")
file(REMOVE_RECURSE "${BUILD}/check_install")

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output
                  ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN}: exit status ${status}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install "${BUILD}" --prefix "${prefix}")
run(${CMAKE_COMMAND} -S "${EXAMPLE}" -B "${example_build}" -G "${GENERATOR}"
    "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-Ddnnl_DIR=${ONEDNN}")
run(${CMAKE_COMMAND} --build "${example_build}")
run("${example_build}/name_relation" "${MODEL}")
set(line " +[01]\\.[0-9]+\n")
if(NOT output MATCHES "works_for${line}founded${line}no_relation${line}")
  message(FATAL_ERROR "the example printed something else than three probabilities:\n${output}")
endif()
run("${prefix}/bin/relatum" --version)
file(REMOVE_RECURSE "${BUILD}/check_install")
