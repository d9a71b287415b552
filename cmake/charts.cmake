# Gets Observable Plot by npm, for the drawings of reports. Sets RELATUM_CHARTS_FOLDER where that
# was possible: then node bundles it there with src/page/charts (build.mjs). Without npm, or where
# it cannot fetch the packages, reports have tables alone, and a line says so; nothing fails.
find_program(RELATUM_NPM npm)
find_program(RELATUM_NODE node)
mark_as_advanced(RELATUM_NPM RELATUM_NODE)
set(npm_found OFF)
if(RELATUM_NPM AND RELATUM_NODE)
  set(npm_found ON)
endif()
option(RELATUM_CHARTS "Draw charts in reports, by Observable Plot, which npm fetches" ${npm_found})

set(RELATUM_CHARTS_FOLDER "")
set(charts_source "${PROJECT_SOURCE_DIR}/src/page/charts")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${charts_source}/package-lock.json")
set(charts_files package.json package-lock.json .npmrc build.mjs charts.js)

# relatum_fetch_charts(FOLDER RESULT): RESULT is why not, or "". What was fetched for the same lock
# file is taken as it is.
function(relatum_fetch_charts folder result)
  file(SHA256 "${charts_source}/package-lock.json" lock)
  foreach(name IN LISTS charts_files)
    file(COPY "${charts_source}/${name}" DESTINATION "${folder}")
  endforeach()
  set(${result} "" PARENT_SCOPE)
  if(EXISTS "${folder}/fetched")
    file(READ "${folder}/fetched" fetched)
    if(fetched STREQUAL lock)
      return()
    endif()
  endif()
  execute_process(COMMAND "${RELATUM_NPM}" ci --prefer-offline --no-progress --loglevel=error
    WORKING_DIRECTORY "${folder}" TIMEOUT 240
    RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
  if(NOT status EQUAL 0)
    set(${result} "npm cannot fetch the packages" PARENT_SCOPE)
    return()
  endif()
  execute_process(COMMAND "${RELATUM_NODE}" build.mjs "${folder}/trial.js"
    WORKING_DIRECTORY "${folder}" TIMEOUT 60
    RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
  if(NOT status EQUAL 0)
    set(${result} "node cannot bundle the packages" PARENT_SCOPE)
    return()
  endif()
  file(WRITE "${folder}/fetched" "${lock}")
endfunction()

set(charts_lacking "RELATUM_CHARTS is OFF")
if(RELATUM_CHARTS AND NOT npm_found)
  set(charts_lacking "npm and node are not both there")
elseif(RELATUM_CHARTS)
  relatum_fetch_charts("${PROJECT_BINARY_DIR}/charts" charts_lacking)
endif()
if(charts_lacking STREQUAL "")
  set(RELATUM_CHARTS_FOLDER "${PROJECT_BINARY_DIR}/charts")
else()
  message(STATUS "Reports have tables without charts: ${charts_lacking}")
endif()
