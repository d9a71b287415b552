// Standard input that Ctrl-C ends.
#pragma once

#include <atomic>
#include <functional>
#include <istream>
#include <streambuf>
#include <string>
#include <utility>

namespace relatum::app {

/// std::cin starts a read again that a signal ends, and waits on. This one looks at `stop` while it
/// waits; then, and where the input cannot be read, reading throws Error.
class StandardInput : public std::istream {
 public:
  explicit StandardInput(const std::atomic<bool>& stop);
  /// `told` is called whenever nothing more has come for a moment; an empty one: nobody is.
  void before_waiting(std::function<void()> told) { buffer_.before_waiting(std::move(told)); }

 private:
  class Buffer : public std::streambuf {
   public:
    explicit Buffer(const std::atomic<bool>& stop);
    void before_waiting(std::function<void()> told) { before_waiting_ = std::move(told); }

   private:
    int_type underflow() override;
    const std::atomic<bool>& stop_;
    std::string bytes_;
    std::function<void()> before_waiting_;
  };
  Buffer buffer_;
};

}  // namespace relatum::app
