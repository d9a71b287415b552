# Installs BUILD into a folder of its own, builds EXAMPLE against it with COMPILER and the oneDNN in
# ONEDNN, and runs it on MODEL and the ten rows of CORPUS.
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
run("${example_build}/teach_and_ask" "${MODEL}" "${CORPUS}" "${example_build}/run")
if(NOT output MATCHES "answer: [a-zA-Z_-]+(\\(e[12],e[12]\\))? [01]\\.[0-9]+\n")
  message(FATAL_ERROR "the example printed no answer:\n${output}")
endif()
file(STRINGS "${example_build}/run/predictions.jsonl" predictions)
list(LENGTH predictions count)
if(NOT count EQUAL 10)
  message(FATAL_ERROR "the example wrote ${count} predictions, not 10.")
endif()
run("${prefix}/bin/relatum" --version)
file(REMOVE_RECURSE "${BUILD}/check_install")
