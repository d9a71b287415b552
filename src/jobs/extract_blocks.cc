// One block at a time.
#include "jobs/extract_blocks.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/error.h"

namespace relatum::jobs {

namespace {
constexpr auto kWhole = int64_t(kExtractBlock);
}  // namespace

ExtractBlocks::ExtractBlocks(std::optional<int64_t> rows, Answerer& answerer, ExtractOutput& output,
                             const Context& context)
    : rows_(rows), answerer_(answerer), output_(output), context_(context), inner_(context),
      before_(output.progress()) {
  inner_.progress = [this](const Progress& progress) { report(progress); };
}

// Of a block, made one of all rows. Sentences of many blocks are embedded without a bar.
void ExtractBlocks::report(Progress progress) const {
  const bool one = rows_ && *rows_ <= kWhole;
  if (progress.task == "embedding" && !one) return;
  progress.done += double(begun_);
  progress.total = double(rows_.value_or(0));
  context_.report(progress);
}

void ExtractBlocks::add(task::Example&& example) {
  if (context_.stopping()) throw Stopped{};
  if (place_++ < before_.rows / kWhole * kWhole) return;  // of a block that is written whole
  block_.push_back(std::move(example));
  if (block_.size() == kExtractBlock) answer();
}

void ExtractBlocks::answer() {
  if (block_.empty()) return;
  begun_ = place_ - int64_t(block_.size());
  const auto answered = size_t(std::max<int64_t>(0, before_.rows - begun_));
  size_t next = answered;
  answering_ = true;
  answerer_.answer(
      {block_, answered},
      [&](std::vector<task::Prediction>&& predictions) {
    ExtractProgress& progress = output_.progress();
    progress.too_long = before_.too_long + answerer_.counts().too_long;
    progress.overlap = before_.overlap + answerer_.counts().overlap;
    output_.write(std::span(block_).subspan(next, predictions.size()), predictions);
    next += predictions.size();
      },
      inner_);
  answering_ = false;
  if (next < block_.size()) throw Stopped{};
  block_.clear();
}

void ExtractBlocks::answer_what_waits() {
  if (answering_) return;
  try {
    answer();
  } catch (const Error&) {  // the first one is told
  } catch (const Stopped&) {
  }
}

}  // namespace relatum::jobs
