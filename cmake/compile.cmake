# Warnings, sanitizers and the instruction sets that the fast kernels are compiled for.
add_library(relatum_options INTERFACE)
# Warnings are for this project's own code; programs that use the library choose theirs. That a loop
# cannot become a vector's (a maximum of floats for one, under sanitizers others) is no fault of it.
target_compile_options(relatum_options INTERFACE
  $<BUILD_INTERFACE:-Wall> $<BUILD_INTERFACE:-Wextra> $<BUILD_INTERFACE:-Wpedantic>
  $<BUILD_INTERFACE:-Wshadow> $<BUILD_INTERFACE:-Wnon-virtual-dtor>
  $<BUILD_INTERFACE:-Wno-missing-field-initializers>
  $<BUILD_INTERFACE:$<$<CXX_COMPILER_ID:Clang>:-Wno-pass-failed>>
  $<BUILD_INTERFACE:$<$<BOOL:${RELATUM_WERROR}>:-Werror>>)
if(RELATUM_SANITIZE)
  # The standard library's checks and nlohmann's assertions see mistakes that sanitizers do not.
  target_compile_options(relatum_options INTERFACE
    -fsanitize=${RELATUM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    -D_GLIBCXX_ASSERTIONS -UNDEBUG)
  target_link_options(relatum_options INTERFACE -fsanitize=${RELATUM_SANITIZE})
endif()
if(RELATUM_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "RELATUM_FUZZ needs clang for libFuzzer, and the compiler is "
                        "${CMAKE_CXX_COMPILER_ID}: use cmake --preset fuzz.")
  endif()
  # All of the library tells libFuzzer which way it goes; a fuzzer's program brings libFuzzer.
  target_compile_options(relatum_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

# Headers that most files read are parsed once for a target. Not with a launcher such as ccache: it
# keeps no object that a precompiled header went into, and whoever builds often finds there, too,
# which file lacks an include that such a header brings.
if(CMAKE_CXX_COMPILER_LAUNCHER)
  set(precompile OFF)
else()
  set(precompile ON)
endif()
option(RELATUM_PRECOMPILE "Precompile the headers that most files read" ${precompile})
function(relatum_precompile target)
  if(RELATUM_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE <algorithm> <filesystem> <functional> <map> <memory>
      <optional> <span> <string> <vector> <fmt/format.h> <fmt/ranges.h> ${ARGN})
  endif()
endfunction()

# Each kernel file in kernels/isa is compiled once for AVX2 and once for AVX-512, those in a folder
# of it for that folder's set alone; kernels/dispatch.cc picks at run time.
# -fno-math-errno and -fno-trapping-math let loops vectorise and change no result.
set(RELATUM_ISA_COMMON -O3 -fno-math-errno -fno-trapping-math -fopenmp-simd)
set(RELATUM_ISA_avx2 ${RELATUM_ISA_COMMON} -mavx2 -mfma -mf16c)
set(RELATUM_ISA_avx512 ${RELATUM_ISA_COMMON} -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512vl
    -mavx512dq -mprefer-vector-width=512)
# GCC 12 takes the intrinsics' own undefined operands for mistakes of ours (its bug 105593), and
# clang unrolls such loops without being told to by a pragma that it does not know.
set(RELATUM_ISA_INTRINSICS
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized> $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized>
    $<$<CXX_COMPILER_ID:Clang>:-Wno-unknown-pragmas>)
set(RELATUM_ISA_avx2_vnni ${RELATUM_ISA_avx2} -mavxvnni ${RELATUM_ISA_INTRINSICS})
set(RELATUM_ISA_avx512_bf16 ${RELATUM_ISA_avx512} -mavx512bf16 ${RELATUM_ISA_INTRINSICS})
set(RELATUM_ISA_avx512_vnni ${RELATUM_ISA_avx512} -mavx512vnni ${RELATUM_ISA_INTRINSICS})
