// Renders, tokenises, counts.
#include "jobs/extract_prompts.h"

#include <fmt/format.h>

#include "base/error.h"
#include "task/classifier_rows.h"

namespace relatum::jobs {

ExtractPrompts make_prompts(const engine::Session& session, std::span<const PromptMaker> makers,
                            const RowsOfMakers& rows, const Retrieved& neighbours) {
  ExtractPrompts made;
  for (size_t i = 0; i < rows.examples.size(); ++i) {
    const task::Example& example = rows.examples[i];
    const uint32_t maker = rows.makers[i];
    const LengthLimit& limit = *makers[maker].limit;
    const task::PromptStyle& style = makers[maker].renderer->style();
    task::Prompt prompt = makers[maker].renderer->render(example, neighbours.of(i));
    const auto length = int64_t(task::row_of(session, style, prompt, limit.chat).size());
    const int64_t tokens = length + limit.answer;
    if (tokens <= limit.context) {
      made.prompts.push_back(std::move(prompt));
      made.adapters.push_back(maker);
      made.rows.push_back(i);
      continue;
    }
    const bool classified = style.classifier != nullptr;  // by no prompt that could be shorter
    const std::string place = limit.file.empty()
                                  ? ""
                                  : task::full_place(limit.file, task::place_of(example)) + ": ";
    const std::string what = fmt::format(
        "{}example '{}' takes {} tokens with its {}, the model's context is {}", place, example.id,
        tokens, classified ? "markers" : "prompt and answer", limit.context);
    if (!limit.skip) {
      fail("jobs.extract", fmt::format("{}. Use {}--skip-bad-rows, which answers such rows with "
                                       "null.",
                                       what, classified ? "" : "a shorter prompt style, or "));
    }
    if (++made.too_long == 1) made.first_too_long = what;
  }
  return made;
}

ExtractPrompts make_prompts(const engine::Session& session, const task::PromptRenderer& renderer,
                            std::span<const task::Example> examples, const Retrieved& neighbours,
                            const LengthLimit& limit) {
  const PromptMaker maker{&renderer, &limit};
  const std::vector<uint32_t> makers(examples.size(), 0);
  return make_prompts(session, {&maker, 1}, {examples, makers}, neighbours);
}

}  // namespace relatum::jobs
