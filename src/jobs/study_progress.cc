// Means, and a context that reports them.
#include "jobs/study_progress.h"

#include <fmt/format.h>

#include <algorithm>

namespace relatum::jobs {

std::string cell_kind(const StudyCell& cell) {
  std::string kind;
  if (cell.index) kind += "index ";
  if (cell.finetune) kind += "finetune " + cell.finetune->method + " " + cell.finetune->head + " ";
  return kind + cell.extract.answer;
}

void StudyClock::took(const StudyCell& cell, double seconds) {
  for (Mean* mean : {&of_arm_[cell.arm], &of_kind_[cell_kind(cell)], &of_all_}) {
    mean->sum += seconds;
    ++mean->count;
  }
}

void StudyClock::begin(double now) {
  ++next_;
  begun_ = now;
  stage(now);
}

void StudyClock::stage(double now) {
  stage_begun_ = now;
  stage_share_ = 0;
}

void StudyClock::reading(const Progress& progress, double) {
  stage_share_ = progress.total > 0 ? std::clamp(progress.done / progress.total, 0.0, 1.0) : 0;
}

std::optional<double> StudyClock::expected(const StudyCell& cell) const {
  const auto arm = of_arm_.find(cell.arm), kind = of_kind_.find(cell_kind(cell));
  if (arm != of_arm_.end()) return arm->second.sum / double(arm->second.count);
  if (kind != of_kind_.end()) return kind->second.sum / double(kind->second.count);
  if (of_all_.count > 0) return of_all_.sum / double(of_all_.count);
  return std::nullopt;
}

std::optional<double> StudyClock::left(double now) const {
  if (next_ == 0) return std::nullopt;
  const double passed = now - begun_, in_stage = now - stage_begun_;
  const std::optional<double> known = expected(cell());
  double here = known ? std::max(0.0, *known - passed) : 0;
  if (stage_share_ > 0) here = std::max(here, in_stage / stage_share_ * (1 - stage_share_));
  if (!known && stage_share_ <= 0) return std::nullopt;
  double left = here;
  for (size_t i = next_; i < end_; ++i) {
    left += expected(*cells_[i]).value_or(passed + here);
  }
  return left;
}

Context study_context(const Context& outer, StudyClock& clock, const std::string& study,
                      const std::function<double()>& now) {
  const auto name = [&clock] {
    const StudyCell& cell = clock.cell();
    return cell.arm + (cell.seed ? fmt::format(", seed {}", *cell.seed) : "");
  };
  Context context;
  context.stop = outer.stop;
  context.log = [outer, name](LogLevel level, const std::string& line) {
    if (level == LogLevel::kWarning) outer.warn(fmt::format("{}: {}", name(), line));
  };
  context.progress = [outer, &clock, name, study, now](const Progress& progress) {
    const double time = now();
    clock.reading(progress, time);
    const std::optional<double> left = clock.left(time);
    // Seconds are its units, so that the time left is what the clock says, whatever cells take.
    outer.report({study, time, left ? time + *left : 0, "s",
                  fmt::format("cell {}: {}: {} {:.0f}/{:.0f}", clock.number(), name(),
                              progress.task, progress.done, progress.total)});
  };
  return context;
}

}  // namespace relatum::jobs
