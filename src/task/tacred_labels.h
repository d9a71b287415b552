// The label sets of TACRED and of its relabelled version.
#pragma once

#include <string>
#include <vector>

namespace relatum::task {

/// TACRED's (and TACREV's) 42 labels: no_relation, then the others sorted.
const std::vector<std::string>& tacred_labels();
/// Re-TACRED's 40 labels, in the same order.
const std::vector<std::string>& retacred_labels();

}  // namespace relatum::task
