// What is done before a host's input waits for more.
#pragma once

#include <functional>
#include <utility>

#include "jobs/host.h"

namespace relatum::jobs {

/// Calls something before the host's input waits for more, until the end of the scope.
class WhileInputWaits {
 public:
  WhileInputWaits(const Host& host, std::function<void()> what) : host_(host) {
    if (host_.before_input_waits) host_.before_input_waits(std::move(what));
  }
  ~WhileInputWaits() {
    if (host_.before_input_waits) host_.before_input_waits({});
  }
  WhileInputWaits(const WhileInputWaits&) = delete;
  WhileInputWaits& operator=(const WhileInputWaits&) = delete;

 private:
  const Host& host_;
};

}  // namespace relatum::jobs
