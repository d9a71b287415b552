// Describes an adapter in PEFT's layout.
#pragma once

#include <filesystem>
#include <string>

namespace relatum::app {

/// A folder with adapter_config.json: what it adapts and how, each of its options that is not at
/// PEFT's default, whether it can be used here, and its tensors (`all`: every one).
std::string inspect_adapter_text(const std::filesystem::path& folder, bool all);
/// Its adapter_config.json alone.
std::string adapter_settings_text(const std::filesystem::path& file);

}  // namespace relatum::app
