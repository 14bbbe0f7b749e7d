// One connection without the server around it; http_server_test.cc has what clients do to the whole.
#include "server/http/http_connection.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// The event loop runs in the test's own thread, until the connection has ended.
class HttpConnectionTest : public testing::Test {
 protected:
  HttpConnectionTest() {
    tcp::acceptor acceptor(events_, {asio::ip::address_v4::loopback(), 0});
    client_.connect(acceptor.local_endpoint());
    tcp::socket socket(asio::make_strand(events_));
    acceptor.accept(socket);
    handler_.answer = [this](const std::shared_ptr<const HttpRequest>& request, HttpReply reply) {
      answer_(*request, std::move(reply));
    };
    connection_ = MakeHttpConnection(std::move(socket), nullptr, context_, handler_, [this] { has_ended_ = true; });
  }

  void Send(const std::string& bytes) { asio::write(client_, asio::buffer(bytes)); }
  // All that comes until the connection has ended.
  std::string Converse() {
    connection_->Start();
    if (closes_when_idle_) connection_->CloseWhenIdle();
    std::weak_ptr<HttpConnection> connection = connection_;
    connection_ = nullptr;
    events_.run();
    EXPECT_TRUE(connection.expired());
    EXPECT_TRUE(has_ended_);
    std::string text;
    boost::system::error_code end;
    asio::read(client_, asio::dynamic_buffer(text), end);
    return text;
  }

  asio::io_context events_;
  tcp::socket client_{events_};
  HttpContext context_{HttpServer::Options()};
  HttpHandler handler_;
  std::function<void(const HttpRequest& request, HttpReply reply)> answer_ = [](const HttpRequest& request,
                                                                                HttpReply reply) {
    reply(HttpResponse{200, absl::StrCat("path ", request.PathText())});
  };
  std::shared_ptr<HttpConnection> connection_;
  bool closes_when_idle_ = false, has_ended_ = false;
};

TEST_F(HttpConnectionTest, AnswersOneRequestAfterTheOther) {
  Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  client_.shutdown(tcp::socket::shutdown_send);
  const std::string text = Converse();
  const size_t first = text.find("path /a"), second = text.find("path /b");
  EXPECT_NE(second, std::string::npos) << text;
  EXPECT_LT(first, second);
}

TEST_F(HttpConnectionTest, EndsAfterTheAnswerWhenTheClientSaysSo) {
  Send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(Converse(), AllOf(HasSubstr("path /a"), testing::Not(HasSubstr("path /b"))));
}

TEST_F(HttpConnectionTest, ToldToCloseItAnswersWhatIsUnderWay) {
  answer_ = [this, connection = std::weak_ptr(connection_)](const HttpRequest&, HttpReply reply) {
    context_.draining = true;
    connection.lock()->CloseWhenIdle();
    reply(HttpResponse{200, "last"});
  };
  Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(Converse(), HasSubstr("last"));
}

TEST_F(HttpConnectionTest, IdleItClosesAtOnce) {
  closes_when_idle_ = true;
  EXPECT_EQ(Converse(), "");
}

TEST_F(HttpConnectionTest, ClosedItLosesTheAnswer) {
  answer_ = [connection = std::weak_ptr(connection_)](const HttpRequest&, HttpReply reply) {
    connection.lock()->Close();
    reply(HttpResponse{200, "lost"});
  };
  Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(Converse(), "");
}

TEST_F(HttpConnectionTest, AReplyThatNobodyGivesIsAnErrorOfTheServer) {
  answer_ = [](const HttpRequest&, HttpReply) {};
  Send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(Converse(), StartsWith("HTTP/1.1 500"));
}

TEST_F(HttpConnectionTest, WhatIsNoHttpIsAnsweredAndTheEnd) {
  Send("BREW\r\n\r\n");
  EXPECT_THAT(Converse(), AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("no HTTP request")));
}

}  // namespace
}  // namespace baryon
