// The extras' group under the name of what they are.
#include "train/trained_beside.h"

#include <utility>

namespace relatum::train {

TrainedBeside::TrainedBeside(std::unique_ptr<Trainable> base, std::string name, double rate)
    : base_(std::move(base)), name_(std::move(name)), rate_(rate) {
  if (const nn::LoraSet* pairs = base_->adapter()) set_ = *pairs;
}

std::vector<ValueGroup> TrainedBeside::groups() const {
  std::vector<ValueGroup> all = base_->groups();
  for (ValueGroup& group : all) {
    if (group.name == kExtras) group = {name_, std::move(group.ranges), false, rate_};
  }
  return all;
}

}  // namespace relatum::train
