// The command line library's messages in plain words.
#pragma once

#include <string>

namespace relatum::app {

/// "--answer: Value scord not in {…}" and the like as a sentence that names the choices and the
/// nearest of them, or the range; others as they are. Without a full stop.
std::string usage_text(const std::string& message);

}  // namespace relatum::app
