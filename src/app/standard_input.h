// Standard input that Ctrl-C ends.
#pragma once

#include <atomic>
#include <istream>
#include <streambuf>
#include <string>

namespace relatum::app {

/// std::cin starts a read again that a signal ends, and waits on. This one looks at `stop` while it
/// waits; then, and where the input cannot be read, reading throws Error.
class StandardInput : public std::istream {
 public:
  explicit StandardInput(const std::atomic<bool>& stop);

 private:
  class Buffer : public std::streambuf {
   public:
    explicit Buffer(const std::atomic<bool>& stop);

   private:
    int_type underflow() override;
    const std::atomic<bool>& stop_;
    std::string bytes_;
  };
  Buffer buffer_;
};

}  // namespace relatum::app
