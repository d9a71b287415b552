// prompts.jsonl: {"id","prompt","completion","prefix_chars"}, one prompt a line.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "task/prompt.h"

namespace relatum::task {

/// One line, without the line end.
std::string to_json(const Prompt& prompt);
/// Writes the file in one atomic step.
void write_prompts(const std::filesystem::path& path, std::span<const Prompt> prompts);
/// Throws Error with file and line.
std::vector<Prompt> read_prompts(const std::filesystem::path& path);

}  // namespace relatum::task
