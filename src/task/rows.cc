// Keeps good rows; stops at bad ones or lists them.
#include "task/rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "task/utf8.h"

namespace relatum::task {

void Rows::add(Example example) {
  const std::string problem = example_problem(example);
  if (problem.empty()) {
    examples_.push_back(std::move(example));
    return;
  }
  const std::string name =
      example.id.empty() ? "" : fmt::format("row '{}': ", utf8_printable(example.id));
  bad(example.line, name + problem);
}

void Rows::bad(int64_t line, const std::string& sentence) {
  if (!skip_bad_) {
    fail("task." + room_, fmt::format("{}:{}: {}. Correct it, or leave such rows out with "
                                      "--skip-bad-rows.",
                                      file_, line, sentence));
  }
  bad_rows_.push_back({line, sentence});
}

void Rows::bad(int64_t line, const Error& error) {
  std::string sentence = error.what();
  if (sentence.starts_with('['))
    sentence.erase(0, std::min(sentence.find("] "), sentence.size() - 2) + 2);
  if (sentence.ends_with('.')) sentence.pop_back();
  bad(line, sentence);
}

void Rows::fatal(const std::string& sentence) const {
  fail("task." + room_, fmt::format("{}: {}", file_, sentence));
}

}  // namespace relatum::task
