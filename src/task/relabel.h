// The public corrections of TACRED's labels.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "task/labels.h"

namespace relatum::task {

/// Parsed "tacrev:PATCH" or "retacred:PATCH".
struct Patch {
  std::map<std::string, std::string, std::less<>> labels;  ///< id to its new label
  Labels inventory;
  bool drops_others = false;  ///< Re-TACRED: an id that the patch lacks leaves the data
};

/// Reads a patch: an object {id: label}, or a list of {"id","relation"}. Throws Error with the
/// file, also for a label that its own inventory lacks.
Patch load_patch(std::string_view relabel);

}  // namespace relatum::task
