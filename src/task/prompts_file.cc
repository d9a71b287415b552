// Writes and reads prompts.jsonl.
#include "task/prompts_file.h"

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "io/json.h"
#include "io/jsonl.h"

namespace relatum::task {

std::string to_json(const Prompt& prompt) {
  nlohmann::ordered_json row;
  row["id"] = prompt.id;
  row["prompt"] = prompt.prompt;
  row["completion"] = prompt.completion;
  row["prefix_chars"] = prompt.prefix_chars;
  return row.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void write_prompts(const std::filesystem::path& path, std::span<const Prompt> prompts) {
  AtomicFile file(path);
  for (const Prompt& prompt : prompts) file.write(to_json(prompt) + "\n");
  file.commit();
}

std::vector<Prompt> read_prompts(const std::filesystem::path& path) {
  io::JsonlReader reader(path);
  std::vector<Prompt> prompts;
  nlohmann::json row;
  while (reader.next(row)) {
    Prompt prompt;
    prompt.id = io::require_string(row, "id", reader.place());
    prompt.prompt = io::require_string(row, "prompt", reader.place());
    prompt.completion = io::get_string(row, "completion", "", reader.place());
    prompt.prefix_chars = io::get_int(row, "prefix_chars", 0, reader.place());
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

}  // namespace relatum::task
