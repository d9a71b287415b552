// A text as one word of a shell's command line.
#pragma once

#include <string>

namespace relatum {

/// As it is where no character means anything to a shell, else in single quotes.
std::string shell_word(const std::string& text);

}  // namespace relatum
