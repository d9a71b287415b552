// The page and the chart beside a results file.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "jobs/study_chart.h"
#include "jobs/study_page.h"
#include "jobs/study_results.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

// What stands behind a mark without its other one would be lost, as would a page of somebody's own.
void check_marks(const std::filesystem::path& page, const std::string& text) {
  const size_t begin = text.find(kByHand);
  if (text.empty() || (begin != text.npos && text.find(kByHandEnd, begin) != text.npos)) return;
  if (begin == text.npos) {
    fail("jobs.study", fmt::format("{} has no mark '{}', as pages of studies have, so it would be "
                                   "lost. Put the mark back, or move the file.",
                                   page.string(), kByHand));
  }
  fail("jobs.study", fmt::format("{} has the mark '{}' and no '{}' behind it, so what was written "
                                 "by hand has no end. Put that mark back.",
                                 page.string(), kByHand, kByHandEnd));
}

}  // namespace

std::filesystem::path write_study_page(const std::filesystem::path& results) {
  namespace fs = std::filesystem;
  if (!fs::exists(results)) {
    fail("jobs.study", fmt::format("there is no {}. Run the study first.", results.string()));
  }
  fs::path page = results, chart = results;
  page.replace_extension(".md");
  chart.replace_extension(".svg");
  const StudyResults read(results);
  std::error_code ignored;
  const std::string before = fs::exists(page, ignored) ? read_file(page) : "";
  check_marks(page, before);
  std::string text, drawn;
  try {
    text = study_page(read.all(), chart.filename().string(), before);
    drawn = study_chart(read.all());
  } catch (const json::exception& error) {  // somebody edited the file
    fail("jobs.study", fmt::format("{} is no results file of a study: {}. Have it written again by "
                                   "`relatum study`.",
                                   results.string(), error.what()));
  }
  write_file(chart, drawn);
  write_file(page, text);
  return page;
}

}  // namespace relatum::jobs
