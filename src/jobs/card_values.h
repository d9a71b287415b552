// Values of a run's record for its card: what is absent or of another type is left out.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace relatum::jobs {

std::string card_text(const nlohmann::json& record, const char* key);
std::optional<double> card_number(const nlohmann::json& record, const char* key);
bool card_flag(const nlohmann::json& record, const char* key);
/// The name of what a path or a SPEC's path leads to, with the SPEC's format and parts.
std::string card_file(const nlohmann::json& record, const char* key);

/// "qlora", "lora" or "full".
std::string card_method(const nlohmann::json& record);
bool card_classifies(const nlohmann::json& record);
/// Whether it is of a run that finds entities.
bool card_finds_entities(const nlohmann::json& record);
/// The same beside the relations between them.
bool card_finds_both(const nlohmann::json& record);

}  // namespace relatum::jobs
