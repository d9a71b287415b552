// What a record of answers says of the system that gave them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relatum::page {

/// The fact that differs whenever two systems answered.
inline constexpr const char* kAnsweredOn = "answered on";

/// Name and value, both plain text; model, adapter, prompt, rules and so on, in the order in which
/// people ask. `record`: jobs::AnswersRecord's; empty: nothing is known. What has no effect is left
/// out, and so is what is `data` once more.
std::vector<std::pair<std::string, std::string>> answer_facts(const std::string& record,
                                                              std::string_view data);

}  // namespace relatum::page
