# Gets Observable Plot by npm, for the drawings of reports. Sets RELATUM_CHARTS_FOLDER where that
# was possible: then node bundles it there with src/page/charts (build.mjs). Without npm, or where
# it cannot fetch the packages, reports have tables alone, and a line says so; nothing fails.
option(RELATUM_CHARTS "Draw charts in reports, by Observable Plot, which npm fetches" ON)
find_program(RELATUM_NPM npm)
find_program(RELATUM_NODE node)
mark_as_advanced(RELATUM_NPM RELATUM_NODE)

set(RELATUM_CHARTS_FOLDER "")
set(charts_source "${PROJECT_SOURCE_DIR}/src/page/charts")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${charts_source}/package-lock.json")
set(charts_files package.json package-lock.json .npmrc build.mjs charts.js)

# relatum_charts_step(FOLDER SECONDS WHAT RESULT COMMAND…): runs a program there. RESULT is "", or
# that it cannot do WHAT and where it says why.
function(relatum_charts_step folder seconds what result)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${folder}" TIMEOUT ${seconds}
    RESULT_VARIABLE status OUTPUT_QUIET ERROR_FILE "${folder}/errors.txt")
  if(status EQUAL 0)
    set(${result} "" PARENT_SCOPE)
  else()
    set(${result} "${what}; see ${folder}/errors.txt" PARENT_SCOPE)
  endif()
endfunction()

# relatum_fetch_charts(FOLDER RESULT): RESULT is why not, or "". What was fetched for the same lock
# file is taken as it is.
function(relatum_fetch_charts folder result)
  file(SHA256 "${charts_source}/package-lock.json" lock)
  foreach(name IN LISTS charts_files)
    file(COPY "${charts_source}/${name}" DESTINATION "${folder}")
  endforeach()
  set(lacking "")
  set(fetched "")
  if(EXISTS "${folder}/fetched")
    file(READ "${folder}/fetched" fetched)
  endif()
  if(NOT fetched STREQUAL lock)
    message(STATUS "npm fetches Observable Plot for the charts of reports")
    relatum_charts_step("${folder}" 240 "npm cannot fetch the packages" lacking
      "${RELATUM_NPM}" ci --prefer-offline --no-progress --loglevel=error)
    if(lacking STREQUAL "")
      relatum_charts_step("${folder}" 60 "node cannot bundle the packages" lacking
        "${RELATUM_NODE}" build.mjs "${folder}/trial.js")
    endif()
    if(lacking STREQUAL "")
      file(WRITE "${folder}/fetched" "${lock}")
    endif()
  endif()
  set(${result} "${lacking}" PARENT_SCOPE)
endfunction()

if(NOT RELATUM_CHARTS)
  set(charts_lacking "RELATUM_CHARTS is OFF")
elseif(NOT RELATUM_NPM OR NOT RELATUM_NODE)
  set(charts_lacking "npm and node are not both there")
else()
  relatum_fetch_charts("${PROJECT_BINARY_DIR}/charts" charts_lacking)
endif()
if(charts_lacking STREQUAL "")
  set(RELATUM_CHARTS_FOLDER "${PROJECT_BINARY_DIR}/charts")
else()
  message(STATUS "Reports have tables without charts: ${charts_lacking}")
endif()
