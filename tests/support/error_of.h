// What a refusal says.
#pragma once

#include <string>

#include "base/error.h"

namespace relatum::testing {

/// The sentence of the Error that `call` throws; "" where it throws none.
template <class Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace relatum::testing
