// How data are named on the command line, for --help.
#pragma once

#include <string>

namespace relatum::app {

/// All formats and the parts of a SPEC, a line or more each, at most 100 columns. `pairs`: whether
/// the command asks for pairs, which some parts decide on. Ends with a line end.
std::string data_help(bool pairs);

}  // namespace relatum::app
