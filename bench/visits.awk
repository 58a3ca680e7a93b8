# Lines of NGINX's log as deploy has it, of thirty days from `begin` on: a million addresses and more, five programs, and thousands of
# paths and of referrers.

BEGIN {
    srand(7)
    agent[0] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    agent[1] = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"
    agent[2] = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1"
    agent[3] = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    agent[4] = "Feedly/1.0"
    for (i = 0; i < lines; i++) {
        at = begin + int(i / lines * 30 * 86400)
        path = rand() < 0.5 ? "/posts/" int(200 * rand() * rand()) "/" : "/img/" int(rand() * 5000) ".webp"
        printf "%d.%d.%d.%d - - [%s] ", rand() * 223 + 1, rand() * 4, rand() * 256, rand() * 256, strftime("%d/%b/%Y:%H:%M:%S +0000", at)
        printf "\"GET %s HTTP/2.0\" %d %d ", path, rand() < 0.03 ? 404 : 200, rand() * 40000
        printf "\"%s\" ", rand() < 0.3 ? "https://news.example.org/item?id=" int(rand() * 900) : "-"
        printf "\"%s\" %.3f\n", agent[int(rand() * 5)], rand() / 5
    }
}
