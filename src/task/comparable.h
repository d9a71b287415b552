// One form for strings that people see as equal, to compare labels by.
#pragma once

#include <string>
#include <string_view>

namespace relatum::task {

/// The string composed (Unicode NFC), without white space at its ends. Bytes that are not UTF-8 are
/// given back as they are.
std::string comparable(std::string_view text);

}  // namespace relatum::task
